-- The registry's stamp: changes with every change of a tenant or its domains (kernel.stamps). Public schema.
CREATE TABLE public.tenants_registry (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    stamp    uuid    NOT NULL
);
INSERT INTO public.tenants_registry (stamp) VALUES (gen_random_uuid());

CREATE FUNCTION public.tenants_changed_v1() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE public.tenants_registry SET stamp = gen_random_uuid();
    RETURN NULL;
END
$$;

CREATE TRIGGER tenants_tenant_changed AFTER INSERT OR UPDATE OR DELETE ON public.tenants_tenant
    FOR EACH STATEMENT EXECUTE FUNCTION public.tenants_changed_v1();
CREATE TRIGGER tenants_domain_changed AFTER INSERT OR UPDATE OR DELETE ON public.tenants_domain
    FOR EACH STATEMENT EXECUTE FUNCTION public.tenants_changed_v1();

{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with messages as (

    select * from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

assignments as (

    select * from {{ source('inputs', 'assignments') }}

),

plans as (

    select * from {{ source('inputs', 'plans') }}

),

legal_entities as (

    select * from {{ source('inputs', 'legal_entities') }}

),

senders as (

    select distinct
        local_date,
        person_id,
        name,
        site,
        department,
        cost_centre
    from messages

),

assigned as (

    select
        senders.*,
        coalesce(of_person.plan, of_cost_centre.plan, of_site.plan) as plan,
        case
            when of_person.plan is not null then 'person'
            when of_cost_centre.plan is not null then 'cost_centre'
            else 'site'
        end as assigned_by
    from senders
    left join assignments as of_person
        on
            of_person.scope = 'person'
            and senders.person_id = of_person.name
            and (of_person.valid_from is null or senders.local_date >= of_person.valid_from)
            and (of_person.valid_to is null or senders.local_date < of_person.valid_to)
    left join assignments as of_cost_centre
        on
            of_cost_centre.scope = 'cost_centre'
            and senders.cost_centre = of_cost_centre.name
            and (
                of_cost_centre.valid_from is null
                or senders.local_date >= of_cost_centre.valid_from
            )
            and (of_cost_centre.valid_to is null or senders.local_date < of_cost_centre.valid_to)
    left join assignments as of_site
        on
            of_site.scope = 'site'
            and senders.site = of_site.name
            and (of_site.valid_from is null or senders.local_date >= of_site.valid_from)
            and (of_site.valid_to is null or senders.local_date < of_site.valid_to)

),

final as (

    select
        assigned.local_date,
        -- Uses are counted in their millions: they carry a number instead of all these names.
        row_number() over (
            partition by assigned.local_date
            order by
                assigned.person_id,
                assigned.name,
                assigned.site,
                assigned.department,
                assigned.cost_centre
        ) as payer,
        assigned.person_id,
        assigned.name,
        assigned.site,
        assigned.department,
        assigned.cost_centre,
        assigned.plan,
        assigned.assigned_by,
        case plans.scope
            when 'cost_centre' then assigned.cost_centre
            else assigned.person_id
        end as holder,
        plans.currency,
        legal_entities.legal_entity,
        legal_entities.currency as entity_currency
    from assigned
    inner join plans
        on
            assigned.plan = plans.plan
            and (plans.valid_from is null or assigned.local_date >= plans.valid_from)
            and (plans.valid_to is null or assigned.local_date < plans.valid_to)
    inner join legal_entities
        on
            assigned.site = legal_entities.site
            and (
                legal_entities.valid_from is null
                or assigned.local_date >= legal_entities.valid_from
            )
            and (
                legal_entities.valid_to is null or assigned.local_date < legal_entities.valid_to
            )

)

select * from final
